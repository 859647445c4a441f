// A change to the gateway: runs it, remembers how it went, and lets every list on the page look again.

import { type UseMutationResult, useMutation, useQueryClient } from '@tanstack/react-query'

export function useChange<In, Out>(run: (input: In) => Promise<Out>): UseMutationResult<Out, Error, In> {
  const queries = useQueryClient()
  return useMutation({ mutationFn: run, onSettled: () => queries.invalidateQueries() })
}
