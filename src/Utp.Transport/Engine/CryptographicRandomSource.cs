using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Utp.Protocol;

namespace Utp.Transport.Engine;

/// <summary>Unpredictable numbers, of which the system generates 64 at a time. Used within the turn of one socket.</summary>
internal sealed class CryptographicRandomSource : IRandomSource
{
    private readonly uint[] _numbers = new uint[64];
    private int _left;

    public uint NextUInt32()
    {
        if (_left == 0)
        {
            RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(_numbers.AsSpan()));
            _left = _numbers.Length;
        }

        var number = _numbers[--_left];
        _numbers[_left] = 0;
        return number;
    }
}
