// node triad_logits.mjs BROWSER FOLDER: the logits of FOLDER/cases.json by BROWSER/forward.js.
// FOLDER also holds models.json and weights.bin; float32 logits are written to MODEL.f32.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [browser, folder] = process.argv.slice(2);
const { decode, decoder, encode, encoder, unpack } = await import(pathToFileURL(`${browser}/forward.js`).href);
const json = (name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf-8"));
const models = unpack(json("models.json"), new Uint8Array(readFileSync(`${folder}/weights.bin`)).buffer);

const logits = {
  encoder: (ids, model) => encoder(ids, model).logits,
  decoder: (ids, model) => decoder(ids, model).logits,
  encoder_decoder: ([source, written], model) => decode(written, encode(source, model).vectors, model).logits,
};
for (const [name, cases] of Object.entries(json("cases.json"))) {
  const rows = cases.flatMap((one) => logits[name](one, models[name]));
  writeFileSync(`${folder}/${name}.f32`, Float32Array.from(rows.flat()));
}
