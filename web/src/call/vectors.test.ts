/** The golden vectors of negotiation and recovery, which the headless peer's machines are held to as well. */
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Negotiation, type NegotiationInput, type Role } from './negotiation.ts';
import { Recovery, type RecoveryInput } from './recovery.ts';

interface Case<Input> {
  why: string;
  role: Role;
  steps: { at_ms: number; input: Input; then: unknown }[];
}

function cases<Input>(folder: string): [string, Case<Input>][] {
  const root = new URL(`../../../tests/vectors/${folder}/`, import.meta.url);
  const names = readdirSync(root);
  expect(names.length).toBeGreaterThanOrEqual(10);
  return names.map((name) => [name, JSON.parse(readFileSync(new URL(name, root), 'utf8')) as Case<Input>]);
}

describe('negotiation', () => {
  test.each(cases<NegotiationInput>('negotiation'))('%s', (_, { role, why, steps }) => {
    const machine = new Negotiation(role);
    steps.forEach(({ at_ms, input, then }, index) => {
      const effects = machine.handle(at_ms, input);
      expect({ effects, deadline_ms: machine.deadline_ms() ?? null }, `${why} Step ${index}`).toEqual(then);
    });
  });
});

describe('recovery', () => {
  test.each(cases<RecoveryInput>('recovery'))('%s', (_, { why, steps }) => {
    const machine = new Recovery(0);
    steps.forEach(({ at_ms, input, then }, index) => {
      const effects = machine.handle(at_ms, input);
      const got = { effects, deadline_ms: machine.deadline_ms() ?? null, state: machine.state() };
      expect(got, `${why} Step ${index}`).toEqual(then);
    });
  });
});
