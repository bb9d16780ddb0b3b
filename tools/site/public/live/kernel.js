// A kernel in a worker: Pyodide and the course's own Python, all from this site.
import { begin } from "./python.js";

const die = (error) => postMessage({ dead: `${error}` });

// Pyodide asks with fetch, too: the page is told how many bytes are here, and of what does not
// come, since Pyodide waits for its WebAssembly for ever.
let bytes = 0;
const ask = self.fetch;
const transform = (part, out) => {
  bytes += part.length;
  postMessage({ bytes });
  out.enqueue(part);
};
self.fetch = async (...asked) => {
  try {
    const answer = await ask(...asked);
    if (!answer.ok) throw new Error(`${answer.status} ${answer.url}`);
    const { readable, writable } = new TransformStream({ transform });
    answer.body.pipeTo(writable).catch(die);  // it may break half-way
    return new Response(readable, answer);
  } catch (error) {
    die(error);
    throw error;
  }
};

const kernel = begin(new URL("./", import.meta.url), (url) => fetch(url).then((answer) => answer.arrayBuffer()));
kernel.catch(die);

onmessage = async ({ data: { id, call, args } }) => {
  const python = await kernel;
  try {
    postMessage({ id, value: JSON.parse(python[call](...args)) });
  } catch (error) {
    postMessage({ id, error: `${error}` });
  }
};
