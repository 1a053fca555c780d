// The last minutes: a lane a person with its states, and one with the tones.

import {byId, make, makeSvg} from './elements.js';
import {colorOf, colorOfTone} from './colors.js';
import {duration, stateName, text} from './texts.js';

const LANES = 8;  // people; the latest ones
const [LEFT, LANE, GAP, FOOT, LABEL] = [64, 22, 6, 22, 90];  // px
const SHORTEST = 60;  // s
const STEPS = [15, 30, 60, 120];  // s between marks

export function drawTimeLine(history) {
  const svg = byId('line');
  const width = Math.max(svg.clientWidth, 280);
  const people = history.people.slice(-LANES);
  const rows = people.length + 1;
  const height = rows * (LANE + GAP) + FOOT;
  const length = lengthOf(history);
  const x = (time) => LEFT + (width - LEFT) * Math.max(0, 1 - (history.now - time) / length);
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const parts = [];

  people.forEach((person, row) => parts.push(...lane(person.id, row, person.spans.map(
    ([from, to, label]) => [from, to, stateName(label), colorOf(label)]), x, width)));
  const tones = history.tones.map(([from, name], index) => [
    from, history.tones[index + 1]?.[0] ?? history.now, name, colorOfTone(name)]);
  parts.push(...lane(text('tones'), people.length, tones, x, width));
  parts.push(...axis(history.now, length, x, width, height));
  svg.replaceChildren(...parts);
  svg.setAttribute('aria-label', text('line', {
    minutes: Math.ceil(length / 60), states: people.map(summary).join('; ')}));
  drawLegend(people);
}

function lane(name, row, spans, x, width) {
  const top = row * (LANE + GAP);
  const parts = [
    makeSvg('text', {x: 0, y: top + 15}, name),
    makeSvg('rect', {class: 'lane', x: LEFT, y: top, width: width - LEFT, height: LANE, rx: 3})];
  for (const [from, to, label, color] of spans) {
    const [start, end] = [x(from), x(to)];
    if (end <= LEFT) continue;
    const length = Math.max(end - start, 1.5);
    parts.push(makeSvg('rect', {x: start, y: top, width: length, height: LANE, fill: color}, makeSvg('title', {}, label)));
    if (length > 8 * label.length + 6) {
      parts.push(makeSvg('text', {class: 'inside', x: start + 5, y: top + 15}, label));
    }
  }
  return parts;
}

// The line grows with what there is to show, up to all that is kept.
function lengthOf(history) {
  const first = Math.min(history.now, ...history.people.map((person) => person.spans[0][0]), ...history.tones.map(([from]) => from));
  return Math.min(history.length, Math.max(SHORTEST, history.now - first));
}

function axis(now, length, x, width, height) {
  const parts = [makeSvg('text', {x: width, y: height - 5, 'text-anchor': 'end'}, text('now'))];
  const step = STEPS.find((seconds) => (seconds / length) * (width - LEFT) > LABEL) ?? 300;
  for (let ago = step; ago < length; ago += step) {
    const place = x(now - ago);
    parts.push(makeSvg('line', {class: 'axis', x1: place, x2: place, y1: 0, y2: height - FOOT + 4}));
    if (place > LEFT + LABEL / 2) {
      parts.push(makeSvg('text', {x: place, y: height - 5, 'text-anchor': 'middle'}, text('ago', {time: duration(ago)})));
    }
  }
  return parts;
}

const summary = (person) => `${person.id}: ${[...new Set(person.spans.map((span) => stateName(span[2])))].join(', ')}`;

function drawLegend(people) {
  const labels = [...new Set(people.flatMap((person) => person.spans.map((span) => span[2])))];
  byId('legend').replaceChildren(...labels.map((label) => {
    const patch = make('i');
    patch.style.background = colorOf(label);
    return make('li', {}, patch, stateName(label));
  }));
}
