// An application that starts its own NodeSDK itself, so after any preload.
require('./own-sdk.cjs');
require('./app.cjs');
