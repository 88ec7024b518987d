import type { Case } from './case.js';
import type { Task } from './peer.js';

const KiB = 1_024;
const plain: Task = { wire: 'lengthPrefixed', size: 64, window: 1, sending: 'stream', connections: 1 };
const oneWay = { kind: 'oneWay', measure: 'rate' } as const;
const pingPong = { kind: 'echo', measure: 'latency', goal: 1.1 } as const;
const strict: Task = { ...plain, wire: 'tinyproto' };
const idle: Task = { ...plain, connections: 10_000 };
const crowd: Task = { ...plain, size: KiB, connections: 1_000 };

/** The rows of the table, in its order. */
export const cases: readonly Case[] = [
  { name: 'one-way-64', title: 'one way, 64 B, `sendAll`', ...oneWay, task: plain, goal: 0.95 },
  {
    name: 'one-way-64-each',
    title: 'one way, 64 B, `send` each',
    ...oneWay,
    task: { ...plain, sending: 'each' },
    goal: 0.75,
    aheadOfPeers: 15,
  },
  {
    name: 'one-way-1k',
    title: 'one way, 1 KiB',
    ...oneWay,
    task: { ...plain, size: KiB },
    goal: 0.95,
    aheadOfPeers: 8,
  },
  {
    name: 'one-way-64k',
    title: 'one way, 64 KiB',
    ...oneWay,
    task: { ...plain, size: 64 * KiB },
    goal: 1.2,
    aheadOfPeers: 1,
  },
  {
    name: 'one-way-1m',
    title: 'one way, 1 MiB',
    ...oneWay,
    task: { ...plain, size: KiB * KiB },
    goal: 1.2,
    aheadOfPeers: 1,
  },
  {
    name: 'echo-64',
    title: 'echo, 64 B, 256 under way',
    kind: 'echo',
    measure: 'rate',
    task: { ...plain, window: 256 },
    goal: 0.6,
    aheadOfPeers: 8,
  },
  { name: 'ping-pong-64', title: 'ping-pong, 64 B', ...pingPong, task: plain, goalAt99: 1.25 },
  {
    name: 'strict-one-way-64',
    title: 'tinyproto strict, one way, 64 B',
    ...oneWay,
    task: strict,
    goal: 0.9,
  },
  {
    name: 'strict-ping-pong-64',
    title: 'tinyproto strict, ping-pong, 64 B',
    ...pingPong,
    task: strict,
    goal: 1.11,
  },
  {
    name: 'pipelined-one-way-64',
    title: 'tinyproto pipelined, one way, 64 B',
    ...oneWay,
    task: { ...plain, wire: 'pipelined' },
    goal: 0.85,
  },
  {
    name: 'broadcast-1k',
    title: 'broadcast, 1 KiB to 1,000 connections',
    kind: 'broadcast',
    measure: 'cpu',
    task: crowd,
    goal: 0.95,
    aheadOfPeers: 1,
  },
  {
    name: 'broadcast-1k-8',
    title: 'the same, 8 in a turn',
    kind: 'broadcast',
    measure: 'cpu',
    task: { ...crowd, window: 8 },
    goal: 0.95,
    aheadOfPeers: 1,
  },
  {
    name: 'relay-1k',
    title: 'relay, two hops, 1 KiB',
    kind: 'relay',
    measure: 'rate',
    task: { ...plain, size: KiB },
    goal: 0.7,
  },
  {
    name: 'idle-10k',
    title: '10,000 idle connections',
    kind: 'idle',
    measure: 'memory',
    task: idle,
    goal: 1.8,
  },
  {
    name: 'strict-idle-10k',
    title: '10,000 idle connections, tinyproto',
    kind: 'idle',
    measure: 'memory',
    task: { ...idle, wire: 'tinyproto' },
    goal: 1.8,
  },
];
