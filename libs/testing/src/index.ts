export { eventually } from './eventually.ts';
export { startIdentity } from './identity.ts';
export { freshDatabase, testServers, topicPrefix, type TestServers } from './servers.ts';
