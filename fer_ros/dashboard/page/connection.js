// The web socket: asks for the next state when the last one has been drawn, and comes back after a break.

const RETRY = 1000;  // ms

// draw(parts, picture) shows a package; picture is a Blob or null. changed(connected) tells of breaks.
export function connect(draw, changed) {
  const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/live`);
  let waiting = null;  // parts whose picture is on its way
  const ask = () => socket.readyState === WebSocket.OPEN && socket.send('next');

  async function show(parts, picture) {
    await draw(parts, picture);
    // A hidden page asks for nothing: then the robot draws nothing either.
    if (document.hidden) {
      document.addEventListener('visibilitychange', ask, {once: true});
    } else {
      ask();
    }
  }

  socket.onopen = () => { changed(true); ask(); };
  socket.onmessage = ({data}) => {
    if (typeof data !== 'string') {
      const parts = waiting;
      waiting = null;
      show(parts ?? [], data);
      return;
    }
    const packed = JSON.parse(data);
    if (packed.picture) {
      waiting = packed.parts;
    } else {
      show(packed.parts, null);
    }
  };
  socket.onclose = () => {
    changed(false);
    setTimeout(() => connect(draw, changed), RETRY);
  };
}

// Ask for something to be done; returns {success, message}.
export async function control(name, value) {
  try {
    const response = await fetch('controls', {
      method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({name, value})});
    return response.headers.get('Content-Type')?.startsWith('application/json')
      ? await response.json() : {success: false, message: await response.text()};
  } catch (error) {
    return {success: false, message: String(error.message)};
  }
}
