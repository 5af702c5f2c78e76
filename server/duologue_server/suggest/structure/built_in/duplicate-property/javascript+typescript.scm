(object) @here
