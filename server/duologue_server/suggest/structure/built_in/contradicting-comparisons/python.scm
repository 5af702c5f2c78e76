(boolean_operator) @here
