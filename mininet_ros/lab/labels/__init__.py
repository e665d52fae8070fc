"""Labels that other tools made, in our folder layout."""
