// node triad_in_node.mjs BROWSER FOLDER: what BROWSER's modules compute of FOLDER/asked.json.
// FOLDER also holds the page's models.json and weights.bin; results go to FOLDER/found.json, logits
// to FOLDER/MODEL.f32 (float32).
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [browser, folder] = process.argv.slice(2);
const module_ = (name) => import(pathToFileURL(`${browser}/${name}.js`).href);
const { decode, decoder, encode, encoder, unpack } = await module_("forward");
const { answer, best, reader, sample } = await module_("reading");
const json = (name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf-8"));
const index = json("models.json"), models = unpack(index, new Uint8Array(readFileSync(`${folder}/weights.bin`)).buffer);
const shared = (chosen) => ({ reader: reader(index), models, chosen });

const logits = {
  encoder: (ids, model) => encoder(ids, model).logits,
  decoder: (ids, model) => decoder(ids, model).logits,
  encoder_decoder: ([source, written], model) => decode(written, encode(source, model).vectors, model).logits,
};
const asked = {
  logits(cases) {
    for (const [name, all] of Object.entries(cases)) {
      const rows = all.flatMap((one) => logits[name](one, models[name]));
      writeFileSync(`${folder}/${name}.f32`, Float32Array.from(rows.flatMap((row) => [...row])));
    }
  },
  answers: (all) => all.map(({ source, guess }) => {
    const model = models.encoder_decoder, { vectors } = encode(source, model);
    return answer((given) => decode(given, vectors, model), { start: 0, end: 6 }, guess);
  }),
  async changes(all) {
    const { changed } = await module_("change");
    return all.map(({ sentence, state }) => changed(shared(sentence), state));
  },
  async attention(sentences) {
    const { seen } = await module_("attention");
    return sentences.map((one) => Object.fromEntries(Object.entries(seen(shared(one))).map(([name, { layers }]) => [name, layers])));
  },
  async lengths(ids) {
    const { lengths } = await module_("block");
    return lengths(decoder(ids, models.decoder));
  },
  ids: (all) => all.map(([text, model, lang]) => reader(index).ids([...text], model, lang)),
  best: ({ row, n, temperature }) => best(row, n, temperature),
  samples: ({ row, temperature, n }) => Array.from({ length: n }, (_, k) => sample(row, temperature, (k + 0.5) / n)),
};
const found = {};
for (const [name, given] of Object.entries(json("asked.json"))) found[name] = await asked[name](given);
writeFileSync(`${folder}/found.json`, JSON.stringify(found));
