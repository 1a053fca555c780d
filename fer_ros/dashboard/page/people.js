// A card a person: face, state, bars, why it is not judged, how long.

import {byId, make, write} from './elements.js';
import {colorOf} from './colors.js';
import {duration, percent, stateName, text} from './texts.js';

const cards = new Map();
const MARGIN = 0.12;  // of the face around it, in its thumbnail
const said = new Map();

export function drawPeople(state, bitmap, act) {
  const here = new Set(state.people.map((person) => person.id));
  for (const [id, card] of cards) {
    if (!here.has(id)) {
      card.root.remove();
      cards.delete(id);
    }
  }
  for (const person of state.people) {
    if (!cards.has(person.id)) cards.set(person.id, newCard(person, state.labels, act));
    drawCard(cards.get(person.id), person, state, bitmap);
  }
  byId('nobody').hidden = here.size > 0;
  announce(state.people);
}

export function forgetCards() {
  for (const card of cards.values()) card.root.remove();
  cards.clear();
}

function newCard(person, labels, act) {
  const face = make('canvas', {width: 88, height: 88, role: 'img', 'aria-label': text('face', {id: person.id})});
  const [name, when, reason] = [make('span'), make('span', {class: 'note'}), make('p', {class: 'reason'})];
  const bars = labels.map((label) => {
    const fill = make('span', {class: 'fill'});
    fill.style.color = colorOf(label);
    const share = make('span', {class: 'share'});
    return {fill, share, row: make('li', {}, make('span', {}, stateName(label)), make('span', {class: 'track'}, fill), share)};
  });
  const list = make('ul', {class: 'bars'}, ...bars.map((bar) => bar.row));
  const button = make('button', {type: 'button'});
  button.onclick = () => act(button.dataset.control, person.id);
  const root = make('li', {class: 'person', id: `person-${person.id}`}, face, make(
    'div', {}, make('h3', {}, name, when), reason, list, button));
  byId('people').append(root);
  return {root, face, name, when, reason, bars, list, button};
}

function drawCard(card, person, state, bitmap) {
  const judged = person.quality === 'ok';
  const share = person.probabilities.length ? ` ${percent(person.confidence)}` : '';
  write(card.name, `${person.id}: ${stateName(person.label)}${person.label === 'uncertain' ? '' : share}`);
  write(card.when, person.label === 'uncertain'
    ? text('seen', {time: duration(Math.floor(person.track_age))})
    : text('since', {time: duration(Math.floor(person.state_age))}));
  card.reason.hidden = judged;
  if (!judged) write(card.reason, text(`advice.${person.quality}`));
  card.list.hidden = !person.probabilities.length;
  person.probabilities.forEach((probability, index) => {
    if (!card.bars[index]) return;
    card.bars[index].fill.style.width = `${100 * probability}%`;
    write(card.bars[index].share, percent(probability));
  });
  const optedOut = person.quality === 'opted_out';
  card.button.dataset.control = optedOut ? 'opt_in' : 'opt_out';
  write(card.button, text(optedOut ? 'opt_in' : 'opt_out'));
  if (bitmap) drawFace(card.face, person.box, bitmap);
}

function drawFace(canvas, [x, y, width, height], bitmap) {
  const [w, h] = [width * bitmap.width, height * bitmap.height];
  const side = Math.max(w, h) * (1 - MARGIN);  // inside the frame that is drawn around the face
  const left = (x + width / 2) * bitmap.width - side / 2;
  const top = (y + height / 2) * bitmap.height - side / 2;
  const context = canvas.getContext('2d');
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, left, top, side, side, 0, 0, canvas.width, canvas.height);
}

// Tell a screen reader who came, who left, and whose state is another one; not each uncertain moment.
function announce(people) {
  const news = [];
  for (const person of people) {
    if (!said.has(person.id)) {
      said.set(person.id, '');
      news.push(text('comes', {id: person.id}));
    }
    if (person.label !== 'uncertain' && said.get(person.id) !== person.label) {
      said.set(person.id, person.label);
      news.push(text('is_now', {id: person.id, state: stateName(person.label)}));
    }
  }
  for (const id of [...said.keys()]) {
    if (!people.some((person) => person.id === id)) {
      said.delete(id);
      news.push(text('leaves', {id}));
    }
  }
  if (news.length) write(byId('announcement'), news.join('. '));
}
