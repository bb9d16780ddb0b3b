// The triad page: what all its steps share, and the order in which they are drawn.
import { unpack } from "./forward.js";
import { reader } from "./reading.js";
import { sentence } from "./sentence.js";
import { blank } from "./blank.js";
import { change } from "./change.js";
import { attention } from "./attention.js";
import { block } from "./block.js";
import { temperature } from "./temperature.js";

const STEPS = { sentence, blank, change, attention, block, temperature };
const root = document.documentElement;
const file = (name) => fetch(new URL(name, import.meta.url)).then((answer) => {
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer;
});

/** say("moved", {n: 3}): a text of the page's language; say.parts: the same with elements in it. */
function speaker(words) {
  const parts = (name, values = {}) => words[name].split(/\{(\w+)\}/).map((part, n) => (n % 2 ? values[part] : part));
  return Object.assign((name, values) => parts(name, values).join(""), { parts });
}

/** A file's bytes; hear(how many are here) while they come. */
async function counted(name, hear) {
  const answer = await file(name);
  let bytes = 0;
  const transform = (part, out) => { hear(bytes += part.length); out.enqueue(part); };
  return new Response(answer.body.pipeThrough(new TransformStream({ transform }))).arrayBuffer();
}

async function wake(places) {
  const { lang, waiting, bytes: all } = places.sentence.dataset, megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  const said = (bytes) => {
    if (root.dataset.triad) return; // another file did not come
    places.sentence.textContent = `${waiting} ${megabytes(bytes)} / ${megabytes(all)} MB`;
  };
  said(0);
  const [index, numbers, own] = await Promise.all([
    file("models.json").then((answer) => answer.json()),
    counted("weights.bin", said),
    file(`${lang}.json`).then((answer) => answer.json()),
  ]);
  const heard = [];
  const shared = {
    lang, say: speaker(own.words), sentences: own.sentences, chosen: own.sentences[0],
    models: unpack(index, numbers), reader: reader(index),
    hear: (listener) => heard.push(listener),
    choose(sentence) {
      shared.chosen = sentence;
      for (const listener of heard) setTimeout(listener); // a task each: none holds up the others
    },
  };
  for (const [name, step] of Object.entries(STEPS)) {
    places[name].replaceChildren();
    step(places[name], shared);
  }
  document.querySelector(".triad-still").hidden = true;
  root.dataset.triad = "awake";
}

const places = Object.fromEntries([...document.querySelectorAll("[data-step]")].map((place) => [place.dataset.step, place]));
wake(places).catch((error) => {
  console.error(error);
  places.sentence.textContent = places.sentence.dataset.failed;
  root.dataset.triad = "failed";
});
