export {
  DatabaseUrlSetting,
  HostPortSetting,
  HttpUrlSetting,
  kafkaSettings,
  logSettings,
  oidcSettings,
  PortSetting,
} from './service-settings.ts';
export { InvalidSettings, parseSettings, readSettings } from './read-settings.ts';
