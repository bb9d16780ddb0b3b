// Step 1: a sentence, chosen or typed.
import { choice, el, tag } from "./dom.js";

const LONGEST = 56; // 64 positions, less what stands around a text
const OWN = "own"; // in the list: a sentence that is not in it

export function sentence(place, shared) {
  const { say, sentences } = shared;
  const note = el("p", { className: "note", role: "status" });
  const field = el("input", { type: "text", maxLength: LONGEST, autocomplete: "off", lang: tag(shared.chosen.lang) });
  const offered = sentences.map((one, n) => [n, one.of_block_lesson ? say("of_block_lesson", one) : one.text, one.lang]);
  const list = choice(say("choose"), [...offered, [OWN, say("own")]], 0, (n) => (n === OWN ? field.focus() : choose(n))), select = list.querySelector("select");
  const choose = (n) => { field.value = sentences[n].text; field.lang = tag(sentences[n].lang); note.textContent = ""; shared.choose(sentences[n]); };
  const type = () => {
    const text = field.value.trim(), unknown = shared.reader.unknown(text);
    note.textContent = !text ? say("empty") : unknown.length ? say("unknown", { characters: unknown.join(say("comma")) }) : "";
    const known = sentences.findIndex((one) => one.text === text);
    select.value = known < 0 ? OWN : known;
    const found = sentences[known] ?? typed(text, shared);
    field.lang = tag(found.lang);
    if (text) shared.choose(found);
  };
  let waiting;
  const later = () => { clearTimeout(waiting); waiting = setTimeout(type, 300); };
  field.addEventListener("input", (event) => event.isComposing || later());
  field.addEventListener("compositionend", later);
  field.value = shared.chosen.text;
  place.append(list, el("label", { className: "control" }, el("span", {}, say("type")), field), note);
}

/** A sentence of one's own: each known character can be the blank, each be exchanged for any of the offered sentences. */
function typed(text, shared) {
  const all = [...new Set(shared.sentences.filter((one) => one.lang === shared.lang).flatMap((one) => [...one.text]))].sort();
  const words = [...text].map((word, at) => ({ name: "", at, word, choices: all.filter((other) => other !== word) }));
  const places = [...text].map((character, at) => ({ character, at })), known = places.filter(({ character }) => !shared.reader.unknown(character).length);
  const blanks = Object.fromEntries((known.length ? known : places).map(({ at }) => [at, { at }]));
  return { lang: shared.lang, text, blanks, words, translation: null };
}
