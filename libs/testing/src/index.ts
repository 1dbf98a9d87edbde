export { freshDatabase, testServers, topicPrefix, type TestServers } from './servers.ts';
