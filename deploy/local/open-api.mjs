// `npm run check:openapi`: tries every door that the OpenAPI documents describe with schemathesis, half a minute each.
process.env['HAOLI_OPENAPI_SECONDS'] ??= '30';
process.argv.splice(2, Infinity, 'flow', 'libs/testing/flows/open-api');
await import('./test.mjs');
