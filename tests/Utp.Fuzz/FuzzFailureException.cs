namespace Utp.Fuzz;

internal sealed class FuzzFailureException(string message, Exception inner) : Exception(message, inner);
