// `npm run check:crashes`: payments killed at every named point, and Kafka and PostgreSQL away for a minute each, while customers
// pay and are paid back. A few of the points, and some seconds, are in `npm test`.
process.env['HAOLI_CRASHES'] ??= 'all';
process.env['OUTAGE_SECONDS'] ??= '60';
process.argv.splice(2, Infinity, 'e2e', 'apps/bench/test/payments-(crash|outage)');
await import('./test.mjs');
