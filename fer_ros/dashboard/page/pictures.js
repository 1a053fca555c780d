// Still pictures: dropped, chosen or taken; judged by the robot, kept nowhere.

import {byId, make, write} from './elements.js';
import {colorOf} from './colors.js';
import {currentLanguage, percent, stateName, text} from './texts.js';

export function listenForPictures() {
  const drop = byId('drop');
  for (const input of [byId('choose'), byId('take')]) {
    input.onchange = async () => {
      await lookAtAll([...input.files]);
      input.value = '';
    };
  }
  // A picture that misses its place must not replace the page.
  for (const type of ['dragover', 'drop']) addEventListener(type, (event) => event.preventDefault());
  drop.addEventListener('dragover', () => drop.classList.add('over'));
  drop.addEventListener('dragleave', () => drop.classList.remove('over'));
  drop.addEventListener('drop', (event) => {
    drop.classList.remove('over');
    lookAtAll([...event.dataTransfer.files]);
  });
}

async function lookAtAll(files) {
  for (const file of files) await lookAt(file);
}

async function lookAt(file) {
  write(byId('looking'), text('looking', {name: file.name}));
  const report = await ask(file);
  if (!report.success) {
    write(byId('looking'), text('failed', {name: file.name, reason: report.message}));
    return;
  }
  const count = report.faces.length;
  write(byId('looking'), count ? text('faces_found', {name: file.name, count}) : text('no_face', {name: file.name}));
  byId('reports').prepend(drawReport(file.name, report));
}

async function ask(file) {
  const query = new URLSearchParams({name: file.name, language: currentLanguage()});
  try {
    const response = await fetch(`pictures?${query}`, {
      method: 'POST', headers: {'Content-Type': 'application/octet-stream'}, body: file});
    const isJson = response.headers.get('Content-Type')?.startsWith('application/json');
    return isJson ? await response.json() : {success: false, message: (await response.text()).trim()};
  } catch (error) {
    return {success: false, message: String(error.message)};
  }
}

function drawReport(name, report) {
  const root = make('article', {class: 'report'});
  const page = URL.createObjectURL(new Blob([report.page], {type: 'text/html'}));
  const save = make('a', {class: 'button', href: page, download: `${name.replace(/\.\w+$/, '')}.html`}, text('save'));
  const remove = make('button', {type: 'button', onclick: () => { URL.revokeObjectURL(page); root.remove(); }}, text('remove'));
  root.append(
    make('h3', {}, name, save, remove), make('img', {src: report.annotated, alt: name}),
    make('div', {class: 'beside'}, ...report.faces.map((face) => drawFace(face, report))));
  return root;
}

function drawFace(face, report) {
  const state = `${face.state_text}${face.probabilities && face.state !== 'uncertain' ? ` ${percent(face.confidence)}` : ''}`;
  const pair = [make('img', {src: face.thumbnail, alt: text('thumbnail', {id: face.face})})];
  if (face.evidence) {
    const told = text('evidence', {state: face.state === 'uncertain' ? likeliest(face, report) : face.state_text});
    pair.push(make('img', {src: face.evidence, alt: told, title: told}));
  }
  return make('div', {class: 'person'}, make(
    'div', {}, make('h3', {}, `${face.face}: ${state}`), make('div', {class: 'pair'}, ...pair),
    face.advice ? make('p', {class: 'reason'}, face.advice) : '', chart(face, report)));
}

const likeliest = (face, report) => stateName(report.labels.reduce(
  (best, label) => (face.probabilities[label] > face.probabilities[best] ? label : best)));

function chart(face, report) {
  if (!face.probabilities) return '';
  return make('ul', {class: 'bars'}, ...report.labels.map((label) => {
    const fill = make('span', {class: 'fill'});
    fill.style.color = colorOf(label);
    fill.style.width = `${100 * face.probabilities[label]}%`;
    return make('li', {}, make('span', {}, stateName(label)), make('span', {class: 'track'}, fill),
      make('span', {class: 'share'}, percent(face.probabilities[label])));
  }));
}
