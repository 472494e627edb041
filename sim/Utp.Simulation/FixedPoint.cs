using System.Numerics;

namespace Utp.Simulation;

/// <summary>
/// Computes roots in integers: those of the mathematics library differ in their last bits between platforms, and events depend on them.
/// </summary>
internal static class FixedPoint
{
    /// <summary>Largest integer whose square is at most <paramref name="value"/>.</summary>
    public static ulong SquareRoot(ulong value)
    {
        if (value == 0)
        {
            return 0;
        }

        // This is Newton's method from above; the start is at least the root, and the sequence falls until it reaches the root.
        var root = 1UL << ((65 - BitOperations.LeadingZeroCount(value)) / 2);
        while (true)
        {
            var next = (root + (value / root)) / 2;
            if (next >= root)
            {
                return root;
            }

            root = next;
        }
    }

    /// <summary>Largest integer whose cube is at most <paramref name="value"/>.</summary>
    public static ulong CubeRoot(ulong value)
    {
        var root = 0UL;
        for (var bit = 1UL << 21; bit > 0; bit >>= 1)
        {
            var candidate = root | bit;
            if ((UInt128)candidate * candidate * candidate <= value)
            {
                root = candidate;
            }
        }

        return root;
    }
}
