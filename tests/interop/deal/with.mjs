// with.mjs: the package of 2024 imports JSON by "assert", which Node 22 no longer knows; "with" is the same.
export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (!url.endsWith('/deal-ts-clients/dist/client/config.js')) return loaded;
  return { ...loaded, source: String(loaded.source).replaceAll('assert { type', 'with { type') };
}
