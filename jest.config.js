// Jest runs in its default CommonJS mode although the source is ESM: no flags, jest.mock hoists, import.meta works.
export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@sonde/source', 'require', 'node', 'default'] },
  testMatch: ['<rootDir>/{packages,instrumentations}/*/test/**/*.test.ts', '<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['/dist/'],
  coverageProvider: 'v8',
  testTimeout: 30_000,
  setupFilesAfterEnv: ['<rootDir>/test/retry-real-processes.js'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { swcrc: false, jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, sourceMaps: 'inline' },
    ],
  },
};
