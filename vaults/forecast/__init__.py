"""What will become of a certificate: its next renewals by its policy, and by the rules that bind public CAs. No Django.

rules.py        how long public CAs may issue for, and from when on
renewals.py     the renewals of one certificate, and the verdict on them
"""
