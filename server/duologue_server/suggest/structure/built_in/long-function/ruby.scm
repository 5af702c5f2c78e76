(method) @here
