export { PRESETS, type Preset } from './configuration/presets.ts';
export { CONFIGURATION, type ConfigurationRow } from './configuration/settings.ts';
export { type EventFields, type Sonde, type SondeStatistics, sonde } from './sonde.ts';
export { type NodeSdkConfiguration, type SondeConfigOptions, sondeConfig } from './sonde-config.ts';
export type { InstrumentationName, PathDetail, PresetName, SondeOptions } from './types.ts';
