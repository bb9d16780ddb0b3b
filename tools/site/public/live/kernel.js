// A kernel in a worker: Pyodide and the course's own Python, all from this site.
import { begin } from "./python.js";

const kernel = begin(new URL("./", import.meta.url), (url) => fetch(url).then((answer) => answer.arrayBuffer()));

onmessage = async ({ data: { id, call, args } }) => {
  try {
    postMessage({ id, value: JSON.parse((await kernel)[call](...args)) });
  } catch (error) {
    postMessage({ id, error: `${error}` });
  }
};
