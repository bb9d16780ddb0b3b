// A kernel in a worker: Pyodide and the course's own Python, all from this site.
import { begin } from "./python.js";

// Pyodide asks with fetch, too: the page is told how many bytes are here.
let bytes = 0;
const ask = self.fetch;
self.fetch = async (...asked) => {
  const answer = await ask(...asked);
  if (!answer.ok) throw new Error(`${answer.status} ${answer.url}`);
  const transform = (part, out) => {
    bytes += part.length;
    postMessage({ bytes });
    out.enqueue(part);
  };
  return new Response(answer.body.pipeThrough(new TransformStream({ transform })), answer);
};

const kernel = begin(new URL("./", import.meta.url), (url) => fetch(url).then((answer) => answer.arrayBuffer()));
kernel.catch((error) => postMessage({ dead: `${error}` }));

onmessage = async ({ data: { id, call, args } }) => {
  const python = await kernel;
  try {
    postMessage({ id, value: JSON.parse(python[call](...args)) });
  } catch (error) {
    postMessage({ id, error: `${error}` });
  }
};
