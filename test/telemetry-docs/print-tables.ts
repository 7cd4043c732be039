// Prints every telemetry table as JSON. In a process of its own: jest cannot import by URL.
import { loadTelemetry } from '../../scripts/telemetry-tables.ts';

console.log(JSON.stringify(await loadTelemetry()));
