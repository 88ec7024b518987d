import { describe, it, onTestFinished } from 'vitest';
import { asksAndAnswersWith, bothAskAndAnswer } from '../helpers/both-ways.js';

describe('two sides that stream requests, and answer those of the other from inside their handlers', () => {
  it.each(asksAndAnswersWith)(
    'do not wait for each other for ever, over 10,000 messages each, %s',
    (_, options) => bothAskAndAnswer({ onTestFinished }, 10_000, options, 300_000),
  );
});
