// Small helpers to build elements.

const SVG = 'http://www.w3.org/2000/svg';

export const byId = (id) => document.getElementById(id);

// make('p', {class: 'note'}, 'text', child)
export function make(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function makeSvg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

// Writes only what changes: a screen reader reads live regions anew at each write.
export function write(element, content) {
  if (element.textContent !== content) element.textContent = content;
}

export function showIf(element, content) {
  element.hidden = !content;
  write(element, content);
}
