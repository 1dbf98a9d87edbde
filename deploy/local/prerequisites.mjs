// What must be on the machine before anything can be installed. Node built-ins only, and syntax that old Nodes read,
// so that a too old one gets the message below and not a SyntaxError.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const exitMissing = 3;

const javaMin = 17;
const nodeMin = 20;
const mavenMin = 3;

/** Ends with status 3 and the name of the package to install when something is missing or too old. */
export function requireTools({ java, maven }) {
  const problems = [nodeProblem(), java ? javaProblem() : undefined, maven ? mavenProblem() : undefined];
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length === 0) return;
  console.error(`Haoli cannot start yet.\n\n${found.join('\n\n')}\n`);
  process.exit(exitMissing);
}

export const javaCommand = () =>
  process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java';

function nodeProblem() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= nodeMin) return undefined;
  return advice(`Node.js ${nodeMin} or newer is needed; this is ${process.version}.`, {
    'Debian, Ubuntu': 'install the package nodejs from nodesource.com, or use nvm: nvm install 24',
    Fedora: 'sudo dnf install nodejs',
    macOS: 'brew install node',
  });
}

function javaProblem() {
  const command = javaCommand();
  const ran = spawnSync(command, ['-version'], { encoding: 'utf8' });
  const version = /version "(?:1\.)?(\d+)/.exec(`${ran.stderr ?? ''}${ran.stdout ?? ''}`);
  if (version !== null && Number(version[1]) >= javaMin) return undefined;
  const seen = version === null ? `\`${command}\` was not found` : `\`${command}\` is version ${version[1]}`;
  return advice(`Java ${javaMin} or newer is needed to run Kafka, but ${seen}.`, {
    'Debian, Ubuntu': 'sudo apt-get install openjdk-17-jdk-headless',
    Fedora: 'sudo dnf install java-21-openjdk-headless',
    macOS: 'brew install openjdk@21',
    'Another broker': 'set KAFKA_BROKERS=host:port, then no Java is needed',
  });
}

function mavenProblem() {
  const ran = spawnSync('mvn', ['-version'], { encoding: 'utf8' });
  const version = /Apache Maven (\d+)\.[\d.]+/.exec(ran.stdout ?? '');
  if (version !== null && Number(version[1]) >= mavenMin) return undefined;
  const seen = version === null ? `\`mvn\` ${ran.error ? 'was not found' : 'does not run'}` : version[0];
  return advice(`Maven ${mavenMin} or newer is needed to fetch Kafka, but ${seen}.`, {
    'Debian, Ubuntu': 'sudo apt-get install maven',
    Fedora: 'sudo dnf install maven',
    macOS: 'brew install maven',
    'Another broker': 'set KAFKA_BROKERS=host:port, then no Maven is needed',
  });
}

function advice(problem, cures) {
  const width = Math.max(...Object.keys(cures).map((where) => where.length));
  const lines = Object.entries(cures).map(([where, cure]) => `  ${where.padEnd(width)}  ${cure}`);
  return [problem, ...lines].join('\n');
}
