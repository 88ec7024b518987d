#!/usr/bin/env node
import process from 'node:process';
import { processStage } from './process-stage.js';
import { run } from './run.js';

run(process.argv.slice(2), processStage()).subscribe((code) => {
  process.exitCode ||= code; // unless the output has failed
});
