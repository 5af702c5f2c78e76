(comparison_operator . (_) . ["is" "is not"] . [(string) (integer) (float) (list) (dictionary) (tuple)] .) @here
