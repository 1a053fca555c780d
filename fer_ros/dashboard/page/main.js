// The page: what comes is drawn part by part; what is clicked is asked of the robot.

import {connect, control} from './connection.js';
import {byId, write} from './elements.js';
import {drawPeople, forgetCards} from './people.js';
import {listenForPictures} from './pictures.js';
import {drawConditions, drawSettings, drawTone} from './robot.js';
import {currentLanguage, duration, loadTexts, setLanguage, stateName, text} from './texts.js';
import {drawTimeLine} from './time_line.js';

const STANDING = 3000;  // ms without a new picture
let latest = null;
let history = null;
let connected = false;
let lastPicture = performance.now();
let answerTimer = 0;
let asking = 0;  // requests that are not answered yet

async function draw(parts, picture) {
  for (const part of parts) {
    if (part.kind === 'state') latest = part;
    if (part.kind === 'history') history = part;
  }
  const bitmap = picture && await createImageBitmap(picture).catch(() => null);
  if (bitmap) {
    lastPicture = performance.now();
    const canvas = byId('video');
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    }
    canvas.getContext('2d').drawImage(bitmap, 0, 0);
  }
  if (latest) drawState(latest, bitmap);
  bitmap?.close();
  if (history && parts.some((part) => part.kind === 'history')) drawTimeLine(history);
}

function drawState(state, bitmap) {
  drawPeople(state, bitmap, act);
  drawTone(state.tone, state.settings);
  drawConditions(state.conditions, state.notice);
  if (!asking) drawSettings(state.settings, state.tone);
}

// Beside the stream: a label that changes with each frame would never be read to its end.
function describe() {
  const standing = performance.now() - lastPicture;
  const status = byId('connection');
  status.className = connected && standing < STANDING ? 'on' : 'off';
  write(status, !connected ? text('connecting') : standing < STANDING ? text('connected')
    : text('standing', {time: duration(Math.floor(standing / 1000))}));
  const people = latest?.people ?? [];
  byId('video').setAttribute('aria-label', text('video', {
    count: people.length, states: people.map((person) => `${person.id} ${stateName(person.label)}`).join(', ')}));
}

async function act(name, value) {
  asking += 1;
  const answer = await control(name, value);
  asking -= 1;
  const line = byId('answer');
  line.hidden = false;
  line.className = answer.success ? '' : 'error';
  write(line, answer.message || text('done'));
  clearTimeout(answerTimer);
  answerTimer = setTimeout(() => { line.hidden = true; }, answer.success ? 4000 : 12000);
}

function listen() {
  byId('enable').onchange = () => act('enable', byId('enable').checked);
  byId('anonymize').onchange = () => act('anonymize', byId('anonymize').checked);
  for (const [id, name] of [['overlay', 'overlay'], ['set-tone', 'tone']]) {
    byId(id).onchange = () => { byId(id).blur(); act(name, byId(id).value); };
  }
  byId('reset').onclick = () => act('reset', true);
  byId('opt-out-everybody').onclick = () => act('opt_out_everybody', true);
  byId('language').onchange = () => {
    localStorage.setItem('language', byId('language').value);
    setLanguage(byId('language').value);
    forgetCards();
    if (latest) drawState(latest, null);
    if (history) drawTimeLine(history);
  };
  addEventListener('resize', () => history && drawTimeLine(history));
}

await loadTexts();
byId('language').value = currentLanguage();
listen();
listenForPictures();
setInterval(describe, 1000);
connect(draw, (isOn) => { connected = isOn; describe(); });
