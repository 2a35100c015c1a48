"""Does the doctor name the right cause?"""
