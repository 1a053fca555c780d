// How the robot speaks, how its parts are, and what can be set.

import {byId, make, showIf, write} from './elements.js';
import {stateName, text} from './texts.js';

let toneShown = '';
let tonesOffered = '';

export function drawTone(tone, settings) {
  const shown = JSON.stringify([tone, settings.tone_is_set, document.documentElement.lang]);
  if (shown === toneShown) return;
  toneShown = shown;
  if (!tone.name) {
    byId('tone').replaceChildren(make('p', {class: 'note'}, text('no_tone')));
    return;
  }
  const state = tone.emotion ? stateName(tone.emotion) : '';
  byId('tone').replaceChildren(
    make('p', {}, make('strong', {}, tone.name), tone.person_id ? ` ${text('with_person', {id: tone.person_id, state})}` : '',
      settings.tone_is_set ? ` · ${text('tone_by_operator')}` : ''),
    ...lines(tone.situation, tone.suggestion && text('offers', {text: tone.suggestion}),
      tone.reason && text('why', {text: tone.reason}), tone.style_prompt && text('prompt', {text: tone.style_prompt})));
}

const lines = (...texts) => texts.filter(Boolean).map((line, index) => make('p', index ? {class: 'note'} : {}, line));

export function drawConditions(conditions, notice) {
  const wrong = conditions.filter((condition) => condition.level !== 'ok');
  const advice = byId('advice');
  const told = wrong.map((condition) => `${condition.name}: ${condition.text}`);
  advice.hidden = !wrong.length;
  advice.className = wrong.some((condition) => condition.level === 'error') ? 'error' : '';
  if (advice.dataset.told !== told.join('\n')) {
    advice.dataset.told = told.join('\n');
    advice.replaceChildren(make('ul', {}, ...told.map((line) => make('li', {}, line))));
  }
  showIf(byId('notice'), notice && text('notice', {text: notice}));
  write(byId('figures'), figures(conditions));
}

function figures(conditions) {
  const values = Object.assign({}, ...conditions.map((condition) => condition.values));
  const told = [['rate', values['rate [Hz]']], ['latency', values['latency p50 [ms]']], ['drops', values.dropped]];
  return told.filter(([, value]) => value !== undefined).map(([key, value]) => text(key, {value})).join(' · ');
}

// The controls show what is, not what was clicked.
export function drawSettings(settings, tone) {
  for (const [name, value] of [['enable', settings.enabled], ['anonymize', settings.anonymize]]) {
    byId(name).disabled = value === null;
    byId(name).checked = value === true;
  }
  byId('overlay').disabled = settings.overlay === null;
  choose(byId('overlay'), settings.overlay ?? 'bars');
  const offered = JSON.stringify([settings.tones, document.documentElement.lang]);
  if (offered !== tonesOffered) {
    tonesOffered = offered;
    byId('set-tone').replaceChildren(
      make('option', {value: ''}, text('tone_by_faces')), ...settings.tones.map((name) => make('option', {value: name}, name)));
  }
  byId('set-tone').disabled = !settings.tones.length;
  choose(byId('set-tone'), settings.tone_is_set ? tone.name : '');
}

// A list that is open must not change under the pointer.
function choose(list, value) {
  if (document.activeElement !== list && list.value !== value) list.value = value;
}
