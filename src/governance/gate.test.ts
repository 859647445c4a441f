import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { adaptive, allowed, learn } from './adaptive.ts'
import { type Gate, type Ticket, enter, gate, leave, withdraw } from './gate.ts'
import { giveBack, pace, pacer } from './pacer.ts'

describe('gate', () => {
  const run = (state: Gate, ran: string[], caller: string, name: string, priority = 0): Ticket => {
    const ticket: Ticket = { caller, priority, admitted: () => ran.push(name) }
    enter(state, 1, 100, ticket)
    return ticket
  }
  test('callers take turns, a higher priority goes first', () => {
    const state = gate()
    const ran: string[] = []
    run(state, ran, 'a', 'a0')
    for (const name of ['a1', 'a2', 'a3']) run(state, ran, 'a', name)
    run(state, ran, 'b', 'b1')
    run(state, ran, 'vip', 'v1', 5)
    for (let i = 0; i < 6; i++) leave(state, 1)
    expect(ran).toEqual(['v1', 'a1', 'b1', 'a2', 'a3'])
  })
  test('a full queue refuses, a withdrawn ticket is not served', () => {
    const state = gate()
    const ran: string[] = []
    const ticket = (name: string): Ticket => ({ caller: 'a', priority: 0, admitted: () => ran.push(name) })
    expect(enter(state, 1, 1, ticket('first'))).toEqual({ place: 0 })
    const gone = ticket('gone')
    expect(enter(state, 1, 1, gone)).toEqual({ place: 1 })
    expect(enter(state, 1, 1, ticket('late'))).toEqual({ refused: 'full' })
    expect(withdraw(state, gone)).toBe(true)
    expect(withdraw(state, gone)).toBe(false)
    leave(state, 1)
    expect(ran).toEqual([])
    expect(state).toEqual(gate())
  })
  test('never more at once than the limit, nobody lost, no slot idle, the place told is kept (property)', () => {
    const step = fc.record({
      what: fc.constantFrom('enter', 'enter', 'leave', 'withdraw'),
      caller: fc.constantFrom('a', 'b', 'c'),
      priority: fc.nat(2),
      at: fc.nat(50),
    })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 120 }), (limit, steps) => {
        const state = gate()
        const running = new Set<Ticket>()
        const waiting = new Set<Ticket>()
        let highest = 0
        for (const { what, caller, priority, at } of steps) {
          if (what === 'enter') {
            const ticket: Ticket = {
              caller,
              priority,
              admitted() {
                // Nobody of a higher priority is left behind.
                for (const other of waiting) expect(other.priority).toBeLessThanOrEqual(priority)
                expect(waiting.delete(ticket)).toBe(true)
                running.add(ticket)
              },
            }
            const verdict = enter(state, limit, 20, ticket)
            if ('refused' in verdict) expect(waiting.size).toBe(20)
            else if (verdict.place === 0) running.add(ticket)
            else {
              waiting.add(ticket)
              expect(verdict.place).toBeLessThanOrEqual(waiting.size)
              highest = Math.max(highest, verdict.place)
            }
          } else if (what === 'leave' && running.size > 0) {
            running.delete([...running][at % running.size] as Ticket)
            leave(state, limit)
          } else if (what === 'withdraw' && waiting.size > 0) {
            const ticket = [...waiting][at % waiting.size] as Ticket
            waiting.delete(ticket)
            expect(withdraw(state, ticket)).toBe(true)
          }
          expect(state.running).toBe(running.size)
          expect(state.waiting).toBe(waiting.size)
          expect(running.size).toBeLessThanOrEqual(limit)
          if (waiting.size > 0) expect(running.size).toBe(limit)
        }
      }),
    )
  })
  test('the place that is told is the number of departures until it runs (property)', () => {
    const caller = fc.constantFrom('a', 'b', 'c')
    fc.assert(
      fc.property(fc.array(fc.tuple(caller, fc.nat(2)), { minLength: 1, maxLength: 15 }), (rows) => {
        const state = gate()
        enter(state, 1, 100, { caller: 'x', priority: 0, admitted() {} })
        let ran = 0
        let mine: number | undefined
        let place = 0
        for (const [index, [who, priority]] of rows.entries()) {
          const verdict = enter(state, 1, 100, {
            caller: who,
            priority,
            admitted() {
              ran++
              if (index === rows.length - 1) mine = ran
            },
          })
          if ('place' in verdict) place = verdict.place
        }
        for (let i = 0; i <= rows.length; i++) leave(state, 1)
        expect(mine).toBe(place)
      }),
    )
  })
})

describe('pacer', () => {
  test('spaces the calls and refuses a wait beyond the bound', () => {
    const state = pacer()
    expect([0, 0, 0, 0].map(() => pace(state, 2, 1_000, 0))).toEqual([
      { waitMs: 0 },
      { waitMs: 500 },
      { waitMs: 1_000 },
      { refusedMs: 500 },
    ])
    expect(pace(state, 2, 1_000, 500)).toEqual({ waitMs: 1_000 })
  })
  test('a slot nobody used is given back', () => {
    const state = pacer()
    pace(state, 2, 1_000, 0)
    pace(state, 2, 1_000, 0)
    giveBack(state, 500, 2)
    expect(pace(state, 2, 1_000, 0)).toEqual({ waitMs: 500 })
  })
  test('slots are never closer than the rate (property)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.nat(800), { maxLength: 60 }),
        (perSecond, gaps) => {
          const state = pacer()
          let now = 0
          let before = Number.NEGATIVE_INFINITY
          for (const gap of gaps) {
            now += gap
            const verdict = pace(state, perSecond, 2_000, now)
            if (!('waitMs' in verdict)) continue
            expect(verdict.waitMs).toBeLessThanOrEqual(2_000)
            expect(now + verdict.waitMs - before).toBeGreaterThanOrEqual(1000 / perSecond - 1e-6)
            before = now + verdict.waitMs
          }
        },
      ),
    )
  })
})

describe('adaptive concurrency', () => {
  test('finds the capacity of a model that queues beyond ten', () => {
    const policy = { min: 1, max: 200 }
    const state = adaptive(policy)
    for (let now = 0; now < 600_000; now += 50) {
      const running = allowed(state)
      const firstByteMs = running <= 10 ? 100 : (100 * running) / 3
      learn(state, policy, { overloaded: running > 30, firstByteMs }, running, now)
    }
    expect(allowed(state)).toBeGreaterThanOrEqual(8)
    expect(allowed(state)).toBeLessThanOrEqual(14)
  })
  test('stays within its bounds (property)', () => {
    const seen = fc.record({ overloaded: fc.boolean(), firstByteMs: fc.nat(5_000), running: fc.nat(60) })
    fc.assert(
      fc.property(fc.array(seen, { maxLength: 300 }), (rows) => {
        const policy = { min: 2, max: 32 }
        const state = adaptive(policy)
        for (const [index, row] of rows.entries()) {
          learn(state, policy, row, row.running, index * 400)
          expect(allowed(state)).toBeGreaterThanOrEqual(2)
          expect(allowed(state)).toBeLessThanOrEqual(32)
        }
      }),
    )
  })
})
