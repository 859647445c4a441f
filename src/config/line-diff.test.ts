import { expect, test } from 'vitest'
import { lineDiff } from './line-diff.ts'

test('nothing changed, nothing shown', () => {
  expect(lineDiff('a\nb\n', 'a\nb\n')).toBe('')
})

test('a changed line with the three around it', () => {
  expect(lineDiff('1\n2\n3\n4\n5\n6\n7\n8\n9\n', '1\n2\n3\n4\nfive\n6\n7\n8\n9\n')).toBe(
    '@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8',
  )
})

test('from nothing and to nothing', () => {
  expect(lineDiff('', 'a\nb\n')).toBe('@@ -1,0 +1,2 @@\n+a\n+b')
  expect(lineDiff('a\n', '')).toBe('@@ -1,1 +1,0 @@\n-a')
})

test('two changes far apart are two hunks', () => {
  const lines = Array.from({ length: 30 }, (_, index) => String(index))
  const other = lines.map((line, index) => (index === 2 || index === 25 ? 'x' : line))
  expect(lineDiff(lines.join('\n'), other.join('\n')).match(/^@@/gm)).toHaveLength(2)
})
