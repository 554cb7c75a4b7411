"""What attackers tried: each of these once went through. One file for each kind."""
