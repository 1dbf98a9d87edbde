// A real Kafka broker (KRaft: broker and controller in one process) that flushes every message to disk.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kafkaJarsDir } from './paths.mjs';
import { javaCommand } from './prerequisites.mjs';
import { runToEnd, startProcess, untilReady } from './processes.mjs';

/** Starts the broker on `port` (and its controller on `controllerPort`) with its log in `dataDir`. */
export async function startKafka({ dataDir, port, controllerPort, logFile, started }) {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const properties = join(dataDir, 'server.properties');
  const logDir = join(dataDir, 'log');
  writeFileSync(properties, serverProperties({ logDir, port, controllerPort }));
  await format(properties, logDir);
  const broker = startProcess({
    name: 'Kafka',
    command: javaCommand(),
    args: [...javaOptions('-Xmx256m'), 'kafka.Kafka', properties],
    env: process.env,
    cwd: dataDir,
    logFile,
  });
  started(broker);
  const brokers = `127.0.0.1:${port}`;
  await untilReady(broker, () => describeCluster(brokers));
  return { ...broker, brokers, dataDir, detail: `port ${port}` };
}

/**
 * Answers only when the broker knows its controller, coordinates groups and gives out producer ids; an open port is not enough.
 * A broker that has just been formatted takes seconds for that, and consumers that ask too early give up.
 */
export async function describeCluster(brokers) {
  const { Kafka, logLevel } = await import('kafkajs');
  const kafka = new Kafka({
    brokers: brokers.split(','),
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    connectionTimeout: 2_000,
  });
  const admin = kafka.admin();
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, retry: { retries: 1 } });
  try {
    await admin.connect();
    const { brokers: found, controller } = await admin.describeCluster();
    if (found.length === 0 || controller === null) throw new Error('no controller yet');
    await admin.fetchOffsets({ groupId: 'ready' });
    await producer.connect();
  } finally {
    await Promise.allSettled([admin.disconnect(), producer.disconnect()]);
  }
}

/** Formats only an empty log folder: another cluster id in a formatted one makes the broker refuse to start. */
async function format(properties, logDir) {
  if (existsSync(join(logDir, 'meta.properties'))) return;
  rmSync(logDir, { recursive: true, force: true });
  // The tool would read a leading hyphen as one more option.
  const clusterId = `H${Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url').slice(1)}`;
  const made = await runToEnd({
    command: javaCommand(),
    args: [
      ...javaOptions('-Xmx128m'),
      'kafka.tools.StorageTool',
      'format',
      '-t',
      clusterId,
      '-c',
      properties,
    ],
    env: process.env,
  });
  if (made.status === 0) return;
  rmSync(logDir, { recursive: true, force: true });
  throw new Error(`Kafka's storage could not be formatted: ${made.output}`);
}

const javaOptions = (heap) => [
  heap,
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-XX:+ExitOnOutOfMemoryError',
  '-Djava.awt.headless=true',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-cp',
  join(kafkaJarsDir, '*'),
];

const serverProperties = ({ logDir, port, controllerPort }) => `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${logDir}
auto.create.topics.enable=false
log.flush.interval.messages=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=6
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.dedupe.buffer.size=16777216
log.retention.hours=-1
controlled.shutdown.enable=true
`;
