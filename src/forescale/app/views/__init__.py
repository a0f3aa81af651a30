"""What the screens say: answers of the packages, in words."""
