// One color an emotion, as in the annotated picture; beside a color there is always a word.

const COLORS = {
  neutral: '#9aa3ae', happy: '#e8b52c', surprise: '#3d9be0', sad: '#4f6fc9', angry: '#dd4b45',
  disgust: '#4f9d4a', fear: '#a862c0', contempt: '#a3855f', uncertain: '#c4cad2',
};
const TONES = ['#8fb8d0', '#e6a08c', '#a8c2a8', '#cdb3c0', '#b7b1bd'];

export const colorOf = (label) => COLORS[label] ?? '#8a8f98';

// Tones have names of the user's own: each gets the next color when it first comes.
const tones = new Map();
export function colorOfTone(name) {
  if (!tones.has(name)) tones.set(name, TONES[tones.size % TONES.length]);
  return tones.get(name);
}
