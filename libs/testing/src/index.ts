export { eventually } from './eventually.ts';
export { startIdentity } from './identity.ts';
export { freePort, freshDatabase, testServers, topicPrefix, type TestServers } from './servers.ts';
