(dictionary) @here
