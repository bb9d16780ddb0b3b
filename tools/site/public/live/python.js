// Pyodide with the archive that the site's build writes: in a page's worker, and in Node.js for
// the build's own checks.  Nothing is asked of another host.

/** folder: a URL with pyodide/ and helpers.zip; read(url): a promise of the bytes there. */
export async function begin(folder, read, pyodide = new URL("pyodide/", folder).href) {
  const { loadPyodide } = await import(`${pyodide}pyodide.mjs`);
  const indexURL = pyodide.replace(/^file:\/\//, "");
  const [python, archive] = await Promise.all([loadPyodide({ indexURL }), read(new URL("helpers.zip", folder))]);
  python.unpackArchive(new Uint8Array(archive), "zip", { extractDir: "/course" });
  python.runPython("import sys, os; sys.path.insert(0, '/course'); os.environ['TRIAD_HOME'] = '/home/triad'");
  const kernel = python.pyimport("page_kernel");
  kernel.install();
  return kernel;
}
