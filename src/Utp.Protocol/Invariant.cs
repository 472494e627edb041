using System.Diagnostics.CodeAnalysis;

namespace Utp.Protocol;

/// <summary>Checks statements about the core's own state. A statement that fails is a defect of the core, never a consequence of input.</summary>
internal static class Invariant
{
    public static void Holds([DoesNotReturnIf(false)] bool condition, string statement)
    {
        if (!condition)
        {
            Fail(statement);
        }
    }

    [DoesNotReturn]
    private static void Fail(string statement) => throw new InvalidOperationException($"Invariant violated: {statement}.");
}
