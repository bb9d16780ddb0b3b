"""Programs that write committed data: fonts, pictures, lists of checked families of models."""
