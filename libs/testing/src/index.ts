export { startIdentity } from './identity.ts';
export { freshDatabase, testServers, topicPrefix, type TestServers } from './servers.ts';
