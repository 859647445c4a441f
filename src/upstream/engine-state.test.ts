import { describe, expect, test } from 'vitest'
import { isWarm, metric } from './engine-state.ts'

describe('Prometheus text', () => {
  const text = [
    '# HELP vllm:num_requests_running Number of requests',
    '# TYPE vllm:num_requests_running gauge',
    'vllm:num_requests_running{engine="0",model_name="m"} 3.0',
    'vllm:num_requests_running{engine="1",model_name="m"} 4.0',
    'vllm:num_requests_running_total 99',
    'plain 5',
  ].join('\n')
  test('labels are summed, longer names and comments are not it', () => {
    expect(metric(text, 'vllm:num_requests_running')).toBe(7)
    expect(metric(text, 'plain')).toBe(5)
    expect(metric(text, 'absent')).toBeUndefined()
  })
})

test('Ollama’s :latest is the model without it', () => {
  expect(isWarm(['qwen3:latest'], 'qwen3')).toBe(true)
  expect(isWarm(['qwen3'], 'qwen3:latest')).toBe(true)
  expect(isWarm(['qwen3:8b'], 'qwen3')).toBe(false)
})
