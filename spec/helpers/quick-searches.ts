import fc from 'fast-check';

/** For the mutation test, which runs them thousands of times: searches are short, alike every time, and a failure is not made smaller. */
fc.configureGlobal({ numRuns: 20, seed: 1, endOnFailure: true });
