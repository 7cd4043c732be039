// An application that starts its own NodeSDK itself, so after any preload.
import './own-sdk.mjs';

await import('./app.mjs');
