// Texts in the user's language. Elements name theirs: data-text (content) or data-label (aria-label).

const LANGUAGES = ['en', 'tr'];
let texts = {};
let language = 'en';

export async function loadTexts() {
  texts = await (await fetch('texts.json')).json();
  const wanted = [localStorage.getItem('language'), ...navigator.languages];
  const found = wanted.map((tag) => (tag ?? '').split('-')[0]).find((tag) => LANGUAGES.includes(tag));
  setLanguage(found ?? 'en');
}

export const currentLanguage = () => language;

export function setLanguage(chosen) {
  language = chosen;
  document.documentElement.lang = chosen;
  for (const element of document.querySelectorAll('[data-text]')) {
    element.textContent = text(element.dataset.text);
  }
  for (const element of document.querySelectorAll('[data-label]')) {
    element.setAttribute('aria-label', text(element.dataset.label));
  }
  document.title = `fer_ros: ${text('title')}`;
}

// A text with its slots filled; a key without a text is shown as it is.
export function text(key, slots = {}) {
  const found = texts[key]?.[language] ?? texts[key]?.en ?? key;
  return found.replace(/\{(\w+)\}/g, (whole, name) => slots[name] ?? whole);
}

export const stateName = (label) => (texts[`label.${label}`] ? text(`label.${label}`) : label);

export function duration(seconds) {
  return seconds < 90 && seconds !== 60
    ? text('seconds', {n: Math.max(0, seconds).toFixed(0)})
    : text('minutes', {n: (seconds / 60).toFixed(0)});
}

export const percent = (share) => new Intl.NumberFormat(language, {style: 'percent'}).format(share);
